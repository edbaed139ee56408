#!/bin/bash
set -e
cat > /app/sum.sh <<'EOF'
#!/bin/bash
# usage: sum.sh FILE
# adds up the second column of FILE, without comment lines
total=0
while read -r name amount; do
    total=$((total + amount))
done < <(grep -v '^#' "$1")
echo "total: $total"
EOF
