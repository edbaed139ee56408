import sys

bad = 0
with open("/app/items.txt") as f:
    for line in f:
        if "=" not in line:
            bad += 1
print("check of items.txt finished")
sys.exit(bad)
