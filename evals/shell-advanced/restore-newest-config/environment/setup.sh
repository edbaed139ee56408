#!/bin/bash
set -e
cd /app
mkdir backups
mkdir -p stage/etc/old stage/var
echo "shop" > stage/etc/hostname
printf 'gateway=alpha\nlimit=100\n' > stage/etc/payments.conf
tar -czf backups/backup-2024-02-28.tar.gz -C stage etc
printf 'gateway=alpha\nlimit=250\n' > stage/etc/payments.conf
tar -czf backups/backup-2024-03-01.tar.gz -C stage etc
printf 'gateway=beta\nlimit=475\n' > stage/etc/payments.conf
tar -czf backups/backup-2024-03-04.tar.gz -C stage etc
rm stage/etc/payments.conf
printf 'gateway=example\nlimit=1\n' > stage/etc/payments.conf.example
tar -czf backups/backup-2024-03-07.tar.gz -C stage etc
printf 'gateway=none\nlimit=0\n' > stage/etc/old/payments.conf
tar -czf backups/backup-2024-03-09.tar.gz -C stage etc
rm -r stage
touch -d 2024-04-01T00:00:00Z backups/backup-2024-02-28.tar.gz
