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
o_give_up 2728c75f5ca98b9ad02fa7ac4c744c266277e04d nobody@lists.example ./lists/nobody@lists.example
o_disown 2728c75f5ca98b9ad02fa7ac4c744c266277e04d
o_mark_all
o_op 0 delete reload.lists
o_absent ./lists/nobody@lists.example
o_settle
o_results 0
o_end
# end run
