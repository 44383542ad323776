import { expect, test } from 'vitest'
import { LastWords } from '../../src/logs/last-words.ts'

const said = (stdout: string, stderr: string, lines = 1) => {
  const words = new LastWords()
  words.take('stdout', 4, Buffer.from(stdout))
  words.take('stderr', 4, Buffer.from(stderr))
  return words.of(4, lines)
}

test('the last line of stderr tells why, and that of stdout where stderr is empty', () => {
  expect(said('all is well\n', 'first\nuseradd: user exists\n\n')).toBe('useradd: user exists')
  expect(said('out\nof luck', ' \n')).toBe('of luck')
  expect(said('', '')).toBeNull()
})

test('of a check, its last two lines tell why, and not what Orchestra adds', () => {
  const check =
    'nginx: [emerg] no host in a.conf:3\nnginx: test failed\nThe check failed, the old state is back: nginx -t\n'
  expect(said('', check, 2)).toBe('nginx: [emerg] no host in a.conf:3 / nginx: test failed')
})

test('nothing in it can do anything to a terminal or make it long', () => {
  expect(said('', '\u001b[31mred\u001b[0m \u0007\u202ebell\r\n')).toBe('red bell')
  expect(said('', `${'x'.repeat(5000)}\n`)?.length).toBeLessThan(310)
  expect(said('', `${'ä'.repeat(5000)}`)).toMatch(/^.?ä+…$/)
})

test('operations are told apart, however their output is cut', () => {
  const words = new LastWords()
  for (const piece of ['no ', 'such', ' thing\n']) words.take('stderr', 1, Buffer.from(piece))
  words.take('stderr', 2, Buffer.from('other\n'))
  expect(words.of(1, 1)).toBe('no such thing')
  expect(words.of(null, 1)).toBeNull()
})
