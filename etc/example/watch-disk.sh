# Warns every minute while the disk that holds the shop's database is fuller than WARN_AT_PERCENT.
# A line that begins with <4> is a warning in the journal (sd-daemon(3)): journalctl -t disk -p warning
directory=$(dirname "$SHOP_DATABASE")
echo "watching the disk of $directory"
while :; do
  used=$(df --output=pcent "$directory" | tail -n 1 | tr -d ' %')
  [ "$used" -lt "$WARN_AT_PERCENT" ] || echo "<4>$directory is on a disk that is $used % full"
  sleep 60
done
