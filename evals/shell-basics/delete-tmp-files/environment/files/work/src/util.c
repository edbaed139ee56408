src/util.c 9243
