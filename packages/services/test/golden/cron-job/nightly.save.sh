o_act_in /etc/cron.d
o_begin run cron-job 1 60 '«secret:output-token»'
o_lists $'shopt -s nullglob; for file in \'/etc/cron.d/orchestra-\'*; do printf \'%s\\n\' "${file#\'/etc/cron.d/orchestra-\'}"; done'
o_op prepare prepare
o_unless '[[ -e /run/crond.pid && $(<"/proc/$(</run/crond.pid)/comm") == cron* ]] || systemctl is-active --quiet cron.service crond.service cron.target'
o_run 'systemctl start cron || systemctl start crond'
o_prepared
o_for 0
o_own cbc8a597a67c465497550c4a4a7eebdb138442c0 kit /etc/cron.d/orchestra-kit
o_mark_all
o_op 0 save
o_unless $'[[ $\'\\n\'$(</etc/passwd) == *$\'\\n\'\'deploy:\'* ]] || id -u -- \'deploy\''
o_run $'echo \'the user deploy does not exist\' >&2; exit 1'
o_op 0 save
o_file /etc/cron.d/orchestra-kit $'# Written by Orchestra; changes made here are overwritten.
TOKEN="«secret:job.token»"
0 4 * * * deploy echo 100\\% \'done\'
' 066 600 root:root
o_settle
o_results 0
o_end
# end run
