o_begin run cron-job 1 60 '«secret:output-token»'
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
