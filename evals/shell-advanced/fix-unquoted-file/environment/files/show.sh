#!/bin/bash
# prints the first line of a file
head -n 1 $1
