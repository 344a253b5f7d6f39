# A private OpenSMTPD. Its paths and accounts are compiled in, so it gets a root directory with copies of
# what it needs: no account is made and nothing installed.
#   sh opensmtpd.sh TREE DIRECTORY PORT    as root; ends with its process
# TREE is the unpacked package. DIRECTORY holds `people`, a recipient a line; letters arrive in `mail`.
set -eu
tree=$1 home=$2 port=$3
root=$home/root

mkdir "$root"
cd "$root"
mkdir -p bin dev etc lib lib64 run tmp var/spool/smtpd var/lib/opensmtpd/empty
ln -s ../run var/run
chmod 711 var/spool/smtpd
# Where no devices may be made, a file does.
mknod dev/null c 1 3 2>/dev/null || : >dev/null
chmod 666 dev/null
cp -R "$tree/usr" usr
cp /bin/sh bin/sh

# Every library in one of the directories that the loader looks into by itself; the loader where it must be.
libraries=$(find "$tree" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
find usr/sbin usr/libexec bin -type f | while read -r program; do
  LD_LIBRARY_PATH=$libraries ldd "$program" 2>/dev/null || true
done | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
  case $library in
    */ld-linux*) mkdir -p ".${library%/*}"; cp -L "$library" ".$library" ;;
    *) cp -L "$library" lib/ ;;
  esac
done

cp "$home/people" etc/people
cat >etc/passwd <<END
root:x:0:0:root:/root:/bin/sh
opensmtpd:x:2:2:opensmtpd:/var/lib/opensmtpd/empty:/bin/false
opensmtpq:x:13:13:opensmtpq:/var/lib/opensmtpd/empty:/bin/false
keeper:x:65534:65534:keeper:/mail:/bin/false
END
cat >etc/group <<END
root:x:0:
opensmtpd:x:2:
opensmtpq:x:13:
keeper:x:65534:
END
cat >etc/smtpd.conf <<END
table people file:/etc/people
listen on 127.0.0.1 port $port hostname mx.example.net
action "keep" maildir "/mail/all" virtual { "@example.org" = keeper }
match from any for domain "example.org" rcpt-to <people> action "keep"
END
mkdir mail
chown 65534:65534 mail
ln -s root/mail "$home/mail"
exec chroot "$root" /usr/sbin/smtpd -d -f /etc/smtpd.conf >"$home/log" 2>&1
