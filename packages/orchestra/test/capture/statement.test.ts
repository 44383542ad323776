import { describe, expect, test } from 'vitest'
import { setLocals, settingsOf } from '../../src/capture/settings.ts'
import { bindingOf, endsTransaction, firstWord, type Situation } from '../../src/capture/statement.ts'

test.each([
  ['INSERT into site values (1)', 'insert'],
  ['  ;; ((select 1))', 'select'],
  ['-- begin\n/* a /* b */ commit */ with x as (select 1) delete from site', 'with'],
  ['--\r\nvalues (1)', 'values'],
  ['/**/call x()', 'call'],
  ['/* never closed insert', ''],
  ['/* a */ -- b', ''],
  [`'insert'`, ''],
  ['', ''],
])('%j begins with %j', (text, word) => {
  expect(firstWord(text)).toBe(word)
})

test.each([
  ['commit', true],
  ['/* x */ ROLLBACK to savepoint one', true],
  ['prepare /* x */ transaction $$a$$', true],
  ['prepare add as insert into site values (1)', false],
  ['committed', false],
  ['do $$ begin commit; end $$', false],
])('%j ends a transaction or goes back in it: %s', (text, ends) => {
  expect(endsTransaction(text)).toBe(ends)
})

describe('the settings', () => {
  const situation: Situation = {
    text: 'insert into site values (1)',
    protocol: 'simple',
    standing: 'idle',
    bound: false,
    repeatable: true,
  }
  const cases: [string, Partial<Situation>, string][] = [
    ['go before a write', {}, 'select'],
    ['are there already', { standing: 'open', bound: true }, 'none'],
    ['are set anew where another transaction had them', { standing: 'idle', bound: true }, 'select'],
    ['are sent again where nobody knows', { standing: 'unsure', bound: true }, 'select'],
    ['would fail in a failed transaction', { standing: 'failed' }, 'none'],
    ['would be lost before an end', { text: 'commit', standing: 'unsure' }, 'none'],
    ['take no snapshot before a lock', { text: 'lock table site', standing: 'open' }, 'set'],
    ['are there from the beginning', { text: 'begin isolation level serializable' }, 'set'],
    ['wait until a transaction has begun', { text: 'begin', protocol: 'extended' }, 'none'],
    ['go before a procedure', { text: 'call x()', protocol: 'extended' }, 'select'],
    ['do not go before what could not be sent again', { text: 'vacuum', repeatable: false }, 'none'],
    ['may go before it in a transaction', { text: 'call x()', standing: 'open', repeatable: false }, 'set'],
  ]
  test.each(cases)('%s', (_name, given, binding) => {
    expect(bindingOf({ ...situation, ...given })).toBe(binding)
  })

  test('are quoted, and hold what Postgres can store', () => {
    const unit = { actor: `o'hara\\`, source: `${'x'.repeat(2_000)}\0` }
    const [, actor, source] = setLocals(settingsOf('id', unit))
    expect(actor).toBe(`set local orchestra.actor = E'o''hara\\\\'`)
    expect(source).toBe(`set local orchestra.source = '${'x'.repeat(1_000)}'`)
    expect(settingsOf('id', { actor: `a\0\ud800`, source: undefined })).toContainEqual([
      'orchestra.actor',
      'a\ufffd',
    ])
  })
})
