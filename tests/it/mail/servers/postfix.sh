# A private Postfix: its own configuration, queue and port, no account made, nothing installed.
#   sh postfix.sh TREE DIRECTORY PORT      as root; ends with its process
# TREE is the unpacked package. DIRECTORY holds `people`, a recipient a line; letters arrive in `mail`.
set -eu
tree=$1 home=$2 port=$3
daemons=$tree/usr/lib/postfix/sbin
# Postfix wants accounts of its own that differ from each other: these are on every Debian, and unused.
owner=news group=uucp keeper=nobody

mkdir "$home/conf" "$home/data" "$home/mail" "$home/spool" "$home/spool/pid"
chown "$owner" "$home/data"
chown "$keeper" "$home/mail"
cd "$home/spool"
mkdir active bounce corrupt defer deferred flush hold incoming private saved trace
chmod 700 ./*
chown "$owner" active bounce corrupt defer deferred flush hold incoming private saved trace
mkdir public maildrop
chmod 710 public
chmod 730 maildrop
chown "$owner:$group" public maildrop
sed 's/$/ all\//' "$home/people" >"$home/mailboxes"

cat >"$home/conf/main.cf" <<END
compatibility_level = 3.6
queue_directory = $home/spool
data_directory = $home/data
daemon_directory = $daemons
command_directory = $tree/usr/sbin
shlib_directory = $tree/usr/lib/postfix
meta_directory = $home/conf
mail_owner = $owner
setgid_group = $group
default_privs = $keeper
import_environment = MAIL_CONFIG LD_LIBRARY_PATH LANG=C
maillog_file = $home/log
maillog_file_prefixes = $home
myhostname = mx.example.net
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
smtputf8_enable = no
virtual_mailbox_domains = example.org
virtual_mailbox_maps = texthash:$home/mailboxes
virtual_mailbox_base = $home/mail
virtual_uid_maps = static:$(id -u "$keeper")
virtual_gid_maps = static:$(id -g "$keeper")
default_transport = error:nothing leaves this machine
END
cat >"$home/conf/master.cf" <<END
127.0.0.1:$port inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
END

libraries=$(find "$tree/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
LD_LIBRARY_PATH=$libraries MAIL_CONFIG=$home/conf exec "$daemons/master" -d -c "$home/conf"
