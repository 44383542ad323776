import { expect, test } from 'vitest'
import { LastWords } from '../../src/logs/last-words.ts'

const command = 'orchestra log show 7'
const said = (stdout: string, stderr: string) => {
  const words = new LastWords()
  words.take('stdout', 4, Buffer.from(stdout))
  words.take('stderr', 4, Buffer.from(stderr))
  return words.of(4, command)
}
const lines = (count: number, text = 'done with') =>
  Array.from({ length: count }, (_, index) => `${text} ${index}\n`).join('')

test('stderr tells why, and stdout where stderr is empty', () => {
  expect(said('all is well\n', 'useradd: user exists\n\n')).toBe('useradd: user exists')
  expect(said('out of luck', ' \n')).toBe('out of luck')
  expect(said('', '')).toBeNull()
})

test('a few lines are told whole, without what Orchestra adds to those of a check', () => {
  const check = [
    'nginx: [warn] conflicting server name',
    'nginx: [emerg] no host in a.conf:3',
    'nginx: test failed',
    'The check failed, the old state is back: nginx -t',
  ]
  expect(said('', check.join('\n'))).toBe(check.slice(0, 3).join(' / '))
})

test('of many, the line that names the cause is told with the last two, how many are left out, and what shows them', () => {
  const cause = 'nginx: [emerg] host not found in upstream "x"\n'
  const warnings = lines(8, 'nginx: [warn] unknown name')
  expect(said('', `${warnings}${cause}${lines(3)}nginx: test failed\n`)).toBe(
    `nginx: [emerg] host not found in upstream "x" / done with 2 / nginx: test failed (10 more lines: ${command})`,
  )
})

test('where none names a cause, the beginning and the end are told', () => {
  expect(said('', lines(6))).toBe(
    `done with 0 / done with 1 / done with 4 / done with 5 (2 more lines: ${command})`,
  )
  expect(said('', lines(5))).toContain(`(1 more line: ${command})`)
})

test('however much was printed, it is told how much that was', () => {
  const cause = 'fatal: no more room\n'
  expect(said('', `${cause}${lines(5_000)}`)).toBe(
    `fatal: no more room / done with 4998 / done with 4999 (4998 more lines: ${command})`,
  )
  expect(said('', `${lines(5_000)}${cause}${lines(9)}`)).toBe(
    `fatal: no more room / done with 7 / done with 8 (5007 more lines: ${command})`,
  )
  const long = (size: number) => said('', `${'x'.repeat(size)}\nb\nc\n`)
  for (const size of [500, 512, 600, 2_040, 2_048, 2_500])
    expect(long(size)).toBe(`${'x'.repeat(300)}… / b / c`)
  for (const size of [2_600, 9_000]) expect(long(size)).toBe(`b / c (1 more line: ${command})`)
})

test('nothing in it can do anything to a terminal or make it long', () => {
  expect(said('', '\u001b[31mred\u001b[0m \u0007\u202ebell\r\n')).toBe('red bell')
  expect(said('', `${'x'.repeat(5000)}\n`)).toBe(`${'x'.repeat(300)}…`)
  expect(said('', `${'ä'.repeat(5000)}`)).toMatch(/^.?ä+…$/)
})

test('operations are told apart, however their output is cut', () => {
  const words = new LastWords()
  for (const piece of ['no ', 'such', ' thing\n']) words.take('stderr', 1, Buffer.from(piece))
  words.take('stderr', 2, Buffer.from('other\n'))
  expect(words.of(1, command)).toBe('no such thing')
  expect(words.of(null, command)).toBeNull()
})
