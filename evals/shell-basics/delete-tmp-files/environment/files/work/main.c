main.c 3688
