import { expect, test } from 'vitest'
import { kindOf, settingsOf } from '../../src/capture/statement.ts'

test.each([
  ['BEGIN', 'begin'],
  ['begin;', 'begin'],
  ['  /* trace=1 */ -- hello\n BEGIN ISOLATION LEVEL SERIALIZABLE', 'begin'],
  ['START TRANSACTION READ WRITE ; ', 'begin'],
  ['BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'begin and more'],
  ['BEGIN; INSERT INTO a VALUES (1); COMMIT', 'write'],
  ['commit', 'end'],
  ['END TRANSACTION', 'end'],
  ['Rollback', 'end'],
  ['abort', 'end'],
  ['insert into a values (1); commit;', 'end'],
  [`prepare transaction 'x'`, 'end'],
  [`commit prepared 'x'`, 'other'],
  ['commit and chain', 'chain'],
  ['rollback and no chain', 'end'],
  ['rollback to savepoint a', 'rewind'],
  ['ROLLBACK TRANSACTION TO a', 'rewind'],
  ['savepoint a', 'other'],
  ['insert into a values (1)', 'write'],
  ['\n UPDATE a SET b = 1', 'write'],
  ['delete from a', 'write'],
  ['merge into a using b on true when matched then delete', 'write'],
  ['truncate a', 'write'],
  ['with gone as (delete from a returning *) select * from gone', 'write'],
  ['with one as (select 1) select * from one', 'other'],
  ['select 1; update a set b = 2', 'write'],
  ['select 1', 'other'],
  ['vacuum a', 'other'],
  ['call procedure_that_commits()', 'other'],
  ['', 'other'],
])('%j is %s', (text, kind) => {
  expect(kindOf(text)).toBe(kind)
})

test('settings escape whatever an actor or a path holds', () => {
  const unit = {
    id: '0b3a4cbe-5a4b-4c5d-8e6f-7a8b9c0d1e2f',
    actor: `o'b\\r\0`,
    source: undefined,
    openClients: new Set<never>(),
  }
  expect(settingsOf(unit)).toBe(
    `set local orchestra.unit_of_work = '${unit.id}'; set local orchestra.actor = E'o''b\\\\r'; set local orchestra.source = ''`,
  )
})
