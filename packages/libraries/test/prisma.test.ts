import { execFileSync, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Library, testLibrary } from './harness/library.ts'

const root = resolve(import.meta.dirname, '../../..')
const sources = resolve(import.meta.dirname, '../src')
/** Imported by a name that the compiler does not follow: what it imports in turn is not there before it is generated. */
const application = join(sources, 'prisma.ts')

/** Generating asks for an engine that nothing of it uses, and would download it: any program will do. */
function generate(): void {
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
  const prisma = join(root, 'node_modules', 'prisma', 'build', 'index.js')
  execFileSync(process.execPath, [prisma, 'generate'], { cwd: join(sources, 'prisma'), env, stdio: 'pipe' })
}

beforeAll(generate)

testLibrary('Prisma', {
  serve: 'express',
  open: async (orchestra, databaseUrl) => {
    const { openSites } = (await import(application)) as { openSites: Library['open'] }
    return openSites(orchestra, databaseUrl)
  },
})

test('the application fits the types of the generated client', () => {
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions']
  const modules = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const { stdout } = spawnSync(tsc, [...options, ...modules, application], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('')
})
