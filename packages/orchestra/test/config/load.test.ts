import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, storeOptions } from '../../src/config/load.ts'
import { isOrchestraError, type OrchestraError } from '../../src/errors.ts'

const configModule = pathToFileURL(join(import.meta.dirname, '../../src/config/config.ts')).href
const good = `import { defineConfig } from '${configModule}'
export default defineConfig({ models: [], backends: [], store: { directory: 'state' } })
`

let directory: string
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'orchestra-config-')))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

async function refusal(path?: string): Promise<OrchestraError> {
  const error: unknown = await loadConfig(path, directory).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isOrchestraError(error)) throw new Error('it was loaded')
  return error
}

describe('loadConfig', () => {
  it('finds the nearest configuration upward', async () => {
    const path = write('orchestra.config.ts', good)
    const below = join(directory, 'src', 'deep')
    mkdirSync(below, { recursive: true })
    expect((await loadConfig(undefined, below)).path).toBe(path)
  })

  it('loads a file that is named', async () => {
    const path = write('other.mjs', good)
    expect((await loadConfig('other.mjs', directory)).path).toBe(path)
  })

  it.each(['mts', 'mjs'])('finds a .%s in a project that npm made, which is CommonJS', async (ending) => {
    write('package.json', '{ "type": "commonjs" }')
    const path = write(`orchestra.config.${ending}`, good)
    expect((await loadConfig(undefined, directory)).path).toBe(path)
  })

  it.each(['ts', 'js'])('says how to name a .%s that is a module in a CommonJS project', async (ending) => {
    write('package.json', '{ "type": "commonjs" }')
    write(`orchestra.config.${ending}`, good)
    expect(await refusal()).toMatchObject({
      code: 'ORC_CONFIG_INVALID',
      message: expect.stringContaining('"type": "commonjs"'),
      hint: expect.stringContaining(`orchestra.config.m${ending}`),
    })
  })

  it('loads what CommonJS itself wrote', async () => {
    write('package.json', '{ "type": "commonjs" }')
    const required = good
      .replace(/import .* from (.*)/, 'const { defineConfig } = require($1)')
      .replace('export default', 'module.exports =')
      .replace("'file://", "'")
    const path = write('orchestra.config.js', required)
    expect((await loadConfig(undefined, directory)).path).toBe(path)
  })

  it('says where it looked and how to get one when there is none', async () => {
    const error = await refusal()
    expect(error.code).toBe('ORC_CONFIG_NOT_FOUND')
    expect(error.message).toContain(directory)
    expect(error.hint).toContain('orchestra init')
  })

  it('says that a named file is not there', async () => {
    const error = await refusal('nothing.ts')
    expect(error).toMatchObject({
      code: 'ORC_CONFIG_NOT_FOUND',
      message: `There is no ${join(directory, 'nothing.ts')}`,
    })
  })

  it('names file, line and message of what it throws', async () => {
    const path = write('orchestra.config.ts', `const text: string = 'x'\n\nthrow new Error('no ' + text)\n`)
    const error = await refusal()
    expect(error.code).toBe('ORC_CONFIG_INVALID')
    expect(error.message).toBe(`${path}:3: no x`)
  })

  it('names the line of the configuration where defineConfig refuses it', async () => {
    const path = write('orchestra.config.ts', good.replace(`models: []`, `models: [{ name: 'X' }]`))
    expect((await refusal()).message).toContain(`${path}:2: Configuration: model name "X" is not a name`)
  })

  it('names the file of a module beside it that throws', async () => {
    const path = write('models.ts', `\nnull.x\n`)
    write('orchestra.config.ts', `import './models.ts'\n${good}`)
    expect((await refusal()).message).toContain(`${path}:2: Cannot read properties of null`)
  })

  it('names the file when it does not parse', async () => {
    const path = write('orchestra.config.mjs', `export default {\n  models: [\n`)
    const error = await refusal()
    expect(error.code).toBe('ORC_CONFIG_INVALID')
    expect(error.message).toContain(path)
  })

  it('refuses a file without a default export, and one that exports something else', async () => {
    write('orchestra.config.ts', 'export const config = 1\n')
    expect((await refusal()).message).toContain('has no default export')
    write('other.ts', 'export default { models: [] }\n')
    expect((await refusal('other.ts')).message).toContain('does not export a configuration')
  })
})

describe('storeOptions', () => {
  it('takes paths relative to the configuration, and the environment where it is silent', async () => {
    write('orchestra.config.ts', good)
    const loaded = await loadConfig(undefined, directory)
    expect(storeOptions(loaded, { DATABASE_URL: 'postgres://db', ORCHESTRA_KEY: 'k' })).toEqual({
      directory: join(directory, 'state'),
      databaseUrl: 'postgres://db',
      key: 'k',
    })
  })
})
