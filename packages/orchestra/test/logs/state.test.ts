import { expect, test } from 'vitest'
import { logStates, scriptState, stateOf } from '../../src/logs/index.ts'
import { outcomes } from '../../src/operations/outcome.ts'

test('every outcome has a state that ends a log', () => {
  for (const outcome of outcomes) expect(logStates.slice(2)).toContain(stateOf(outcome))
})

test('a script is as well as the worst of its operations', () => {
  expect(scriptState([])).toBe('NOTHING')
  expect(scriptState(['nothing', 'success'])).toBe('SUCCESS')
  expect(scriptState(['success', 'failure', 'success'])).toBe('FAILURE')
  expect(scriptState(['failure', 'timeout'])).toBe('TIMEOUT')
  expect(scriptState(['unknown', 'failure'])).toBe('ERROR')
})
