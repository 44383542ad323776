import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import type { StoreOptions } from '../store/index.ts'
import { type Config, isConfig } from './config.ts'
import { isModuleInCommonJs } from './module-kind.ts'

/** What a configuration may be called, the first that is there counts. */
export const fileNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'cjs'].map(
  (ending) => `orchestra.config.${ending}`,
)

export interface LoadedConfig {
  config: Config
  /** The file it came from. */
  path: string
}

/**
 * Loads the configuration at `path`, or the nearest one from `directory` upward.
 * @throws OrchestraError ORC_CONFIG_NOT_FOUND, ORC_CONFIG_INVALID
 */
export async function loadConfig(path?: string, directory = process.cwd()): Promise<LoadedConfig> {
  const found = configPath(path, directory)
  const { default: config } = await importConfig(found)
  if (isConfig(config)) return { config, path: found }
  const what = config === undefined ? 'has no default export' : 'does not export a configuration'
  throw new OrchestraError('ORC_CONFIG_INVALID', `${found} ${what}`, {
    hint: 'Write `export default defineConfig({ models: [...], backends: [...] })`',
  })
}

/**
 * Where the configuration is, without loading it.
 * @throws OrchestraError ORC_CONFIG_NOT_FOUND
 */
export function configPath(path: string | undefined, directory: string): string {
  return path === undefined ? findConfig(directory) : existing(resolve(directory, path))
}

/** How to open the store of a loaded configuration: paths in it are relative to its file, the environment fills gaps. */
export function storeOptions(
  loaded: LoadedConfig,
  environment: NodeJS.ProcessEnv = process.env,
): StoreOptions {
  const { store } = loaded.config
  return {
    ...store,
    databaseUrl: store.databaseUrl ?? environment.DATABASE_URL,
    directory: resolve(dirname(loaded.path), store.directory ?? '.orchestra'),
    key: store.key ?? environment.ORCHESTRA_KEY,
  }
}

function findConfig(directory: string): string {
  for (const folder of upward(resolve(directory))) {
    const name = fileNames.find((file) => existsSync(join(folder, file)))
    if (name !== undefined) return join(folder, name)
  }
  throw notFound(`No ${fileNames[0]} in ${resolve(directory)} or above`)
}

function* upward(directory: string): Generator<string> {
  yield directory
  const parent = dirname(directory)
  if (parent !== directory) yield* upward(parent)
}

function existing(path: string): string {
  if (existsSync(path)) return path
  throw notFound(`There is no ${path}`)
}

function notFound(message: string): OrchestraError {
  return new OrchestraError('ORC_CONFIG_NOT_FOUND', message, {
    hint: 'Run `orchestra init` to write one, or name one with --config',
  })
}

async function importConfig(path: string): Promise<{ default?: unknown }> {
  if (isModuleInCommonJs(path)) throw notAModule(path)
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const where = placeOf(cause, path)
    const hint = isOrchestraError(cause)
      ? cause.hint
      : 'Correct the file; `node FILE` shows the same error in full'
    throw new OrchestraError('ORC_CONFIG_INVALID', `${where}: ${messageOf(cause)}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

function notAModule(path: string): OrchestraError {
  const ending = extname(path)
  const renamed = `${basename(path, ending)}${ending.replace('.', '.m')}`
  return new OrchestraError(
    'ORC_CONFIG_INVALID',
    `${path} is written with import and export, and its package.json says "type": "commonjs"`,
    { hint: `Rename it to ${renamed}, or write "type": "module" into package.json` },
  )
}

/** `file:line` of the first place in the project's own code that an error comes from; at least the file. */
function placeOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const places = [...stack.matchAll(/(file:\/\/[^\s()]+|\/[^\s():]+):(\d+)/g)].map(
    ([, file = '', line = '']) => ({
      file: file.startsWith('file:') ? fileURLToPath(file) : file,
      line,
    }),
  )
  const place = places.find(({ file }) => file === path) ?? places.find(({ file }) => isBeside(file, path))
  return place === undefined ? path : `${place.file}:${place.line}`
}

function isBeside(file: string, path: string): boolean {
  return file.startsWith(`${dirname(path)}/`) && !file.includes('/node_modules/')
}
