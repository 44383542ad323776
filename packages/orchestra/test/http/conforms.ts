import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { nameOf } from '../../src/http/endpoint.ts'
import { doors, endpoints } from '../../src/http/index.ts'
import { openApi } from '../../src/http/openapi.ts'

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': true } })
ajv.addSchema(openApi(endpoints, doors), 'api')

interface Asked {
  method: string
  path: string
}

/** Those with fewer parameters first: `/servers/check` is not a server. */
const patterns = [...endpoints, ...doors]
  .map((endpoint) => ({ endpoint, holes: endpoint.path.split('{').length, pattern: patternOf(endpoint) }))
  .toSorted((a, b) => a.holes - b.holes)

/** What an answer of the API is otherwise than `docs/openapi.json` says; nothing where it is as told, or nothing is at that path. */
export function strayFrom(method: string, url: string, status: number, answer: unknown): string[] {
  const [path = ''] = url.replace(/^\/api\/v1/, '').split('?')
  const found = patterns.find(({ endpoint, pattern }) => endpoint.method === method && pattern.test(path))
  if (found === undefined) return []
  const validate = validatorOf(found.endpoint, status)
  if (validate === undefined) return [`${nameOf(found.endpoint)} tells nothing of ${status}`]
  if (validate(answer) === true) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${nameOf(found.endpoint)}: ${instancePath} ${message}`,
  )
}

function patternOf({ path }: Asked): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

function validatorOf({ method, path }: Asked, status: number): ValidateFunction | undefined {
  const response = status >= 400 ? 'default' : status
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  const parts = ['paths', path, method.toLowerCase(), 'responses', response, 'content', type, 'schema']
  const pointer = parts.map((part) =>
    encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')),
  )
  return ajv.getSchema(`api#/${pointer.join('/')}`)
}
