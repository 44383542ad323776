o_act_in . ./lists
o_begin run lists 1 60 '«secret:output-token»'
o_reload reload.lists 'find lists -type f -exec cat {} + >all-lists'
o_lists $'find lists -type f -printf \'%f\\n\''
o_op prepare prepare
o_place ./lists - -
o_own shared ''
o_mark_shared
o_op prepare prepare
o_directory ./lists - -
o_settle
o_prepared
o_for 0
o_own adcee1362334a74778addb5fa7eb06667bd20269 staff@lists.example ./lists/staff@lists.example
o_mark_all
o_op 0 save reload.lists
o_file ./lists/staff@lists.example '# Who works here
ada@x.example
bea@x.example
' 026 640 - $'! grep -vq \'^#\\|@\' lists/*'
o_settle
o_results 0
o_end
# end run
