#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the new root. The lab's key is the only way in: there is no password.
set -eu
# Not `passwd --lock`: without PAM, sshd turns a locked account away even with the right key.
usermod --password '*' root
chmod 700 /root /root/.ssh
chmod 600 /root/.ssh/authorized_keys
chown -R root:root /root/.ssh

# The host key that the package made at installation is kept, so that the lab can know it in advance.
# One kind is enough, and loading fewer keys makes every connection faster.
rm -f /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key*
test -s /etc/ssh/ssh_host_ed25519_key
