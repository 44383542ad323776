o_begin run cron-job 1 60 '«secret:output-token»'
o_lists $'shopt -s nullglob; for file in \'/etc/cron.d/orchestra-\'*; do printf \'%s\\n\' "${file#\'/etc/cron.d/orchestra-\'}"; done'
o_op 0 delete
o_give_up cbc8a597a67c465497550c4a4a7eebdb138442c0 kit /etc/cron.d/orchestra-kit
o_disown cbc8a597a67c465497550c4a4a7eebdb138442c0
o_mark_all
o_op 0 delete
o_absent /etc/cron.d/orchestra-kit
o_settle
o_results 0
o_end
# end run
