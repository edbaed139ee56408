#!/bin/sh
# An agent of one's own in shell: a check that judges itself, and asks no model.
# ahe runs it as `sh agent.sh --harness DIR --task FILE` in the task's sandbox. Here the harness is data: the checks are
# the lines of a file that the task names, and each must stand in the harness's memory.
while [ $# -gt 0 ]; do
  case $1 in
    --harness) harness=$2 ;;
    --task) task=$2 ;;
  esac
  shift 2
done
passed=true
for word in $(grep -o '`[^`]*`' "$task" | tr -d '`'); do
  grep -qF -- "$word" "$harness/memory.md" 2>/dev/null || passed=false
done
echo "{\"passed\": $passed, \"usage\": {\"input_tokens\": 1, \"output_tokens\": 1}}"
