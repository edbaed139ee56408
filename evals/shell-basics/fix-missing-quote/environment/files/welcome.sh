#!/bin/bash
name=$1
echo "Welcome, $name
echo "Have a nice day"
