import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  answerSchemasPath,
  generateAnswerSchemas,
  readAnswerSchemas,
} from '../../../../docs/generate/answer-schemas.ts'
import { generateOpenApi, openApiPath } from '../../../../docs/generate.ts'
import { errorCodes } from '../../src/errors.ts'
import { nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { statusOf } from '../../src/http/status-of.ts'
import { operations } from '../../src/operate/index.ts'

/** Verbs that HTTP does not offer, and why. */
const left: Readonly<Record<string, string>> = {
  'plan.save': 'is plan.keep for a file, which is the command’s',
  'log.follow': 'is what log.watch is by lines',
  'key.status': 'is about the key, which stays where it is',
  'key.rotate': 'is about the key, which stays where it is',
  'key.drop': 'is about the key, which stays where it is',
  'grants.show': 'is of whoever installs it',
  'store.url': 'is of whoever installs it',
  'store.uninstall': 'is of whoever installs it',
}

test('docs/openapi.json is current: `node docs/generate.ts` writes it', () => {
  expect(readFileSync(openApiPath, 'utf8')).toBe(generateOpenApi())
})

test('what it says of answers is what their types are: `node docs/generate.ts` writes it', {
  timeout: 120_000,
}, () => {
  expect(readFileSync(answerSchemasPath, 'utf8')).toBe(generateAnswerSchemas(readAnswerSchemas()))
})

test('every verb has an endpoint, or a reason to have none', () => {
  const offered = new Set(endpoints.map(({ verb }) => verb.name))
  const without = operations.map(({ name }) => name).filter((name) => !offered.has(name))
  expect(without.toSorted()).toEqual(Object.keys(left).toSorted())
})

test('every endpoint is there once, and GET alone changes nothing', () => {
  const names = endpoints.map(nameOf)
  expect(new Set(names).size).toBe(names.length)
  for (const { method, verb, kind } of endpoints) {
    if (method === 'GET') expect(verb.kind).toBe('read')
    if (verb.kind === 'write') expect(kind).toBe('act')
  }
})

test('what changes something is answered by what its verb answers, as the command prints it', () => {
  const answer = { of: 'the verb' }
  for (const endpoint of endpoints.filter(({ kind }) => kind === 'act' || kind === 'one'))
    expect([nameOf(endpoint), endpoint.answer(answer, { params: {}, query: {}, body: {} })]).toEqual([
      nameOf(endpoint),
      answer,
    ])
})

test('every parameter in a path is declared, and no other', () => {
  for (const { path, params } of endpoints) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect([path, Object.keys(params.shape)]).toEqual([path, named])
  }
})

test('every error has a status that says who is to do something', () => {
  for (const code of Object.keys(errorCodes)) {
    const status = statusOf[code as keyof typeof statusOf]
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
  }
})
