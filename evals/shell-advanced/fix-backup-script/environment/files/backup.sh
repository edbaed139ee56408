#!/bin/bash
# usage: backup.sh SOURCE DEST
# copies every .txt file of SOURCE to DEST as NAME.bak and prints how many
src=$1
dest=$2
count=0

mkdir -p $dest
for f in $(ls $src/*.txt); do
    name=$(basename $f)
    cp $f $dest/$name.bak
    count=$((count + 1))
done
echo "copied $count files"
