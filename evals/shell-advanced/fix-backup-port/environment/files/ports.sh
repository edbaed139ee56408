#!/bin/bash
# Prints the ports of the service.
port=8008
backup_port=8008
echo "port $port"
echo "backup $backup_port"
