#!/bin/bash
set -e
sed -i '1s|.*|#!/bin/bash|' /app/hello.sh
chmod 755 /app/hello.sh
