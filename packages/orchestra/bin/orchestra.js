#!/usr/bin/env node
// Any Node from 14 on must be able to read this file, so that an old one can say what is missing.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const needed = [22, 18]
const own = fileURLToPath(import.meta.url)

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** The `node` of the npm package of that name, in the project or beside this package. */
function findLocalNode(directory) {
  const path = join(directory, 'node_modules', '.bin', 'node')
  if (existsSync(path)) return path
  const parent = dirname(directory)
  return parent === directory ? undefined : findLocalNode(parent)
}

function complain() {
  const message = `error ORC_NODE_OUTDATED: Orchestra needs Node ${needed.join('.')} or newer, this is ${process.versions.node}`
  process.stderr.write(`${message}\n  Install a newer Node, or add one to the project: npm install node@24\n`)
  process.exit(1)
}

function runAgainWith(node) {
  const environment = Object.assign({}, process.env, { ORCHESTRA_NODE_CHOSEN: '1' })
  const child = spawn(node, [own].concat(process.argv.slice(2)), { stdio: 'inherit', env: environment })
  // A terminal sends Ctrl-C to both: a second one would mean to stop at once.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  child.on('error', complain)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function chooseNode() {
  const local = findLocalNode(process.cwd()) || findLocalNode(dirname(own))
  if (local === undefined || process.env.ORCHESTRA_NODE_CHOSEN === '1') complain()
  else runAgainWith(local)
}

/** Halves the time to start. Below the home directory, because others could write into a shared one what runs here. */
function useCompileCache() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  module.enableCompileCache(join(base, 'orchestra'))
}

async function run() {
  useCompileCache()
  const source = new URL('../src/cli/main.ts', import.meta.url)
  const built = new URL('../dist/cli/main.js', import.meta.url)
  const { main } = await import(existsSync(source) ? source.href : built.href)
  process.exitCode = await main(process.argv.slice(2))
  // What was left open by an error must not keep a command alive that has ended.
  setTimeout(() => process.exit(), 1000).unref()
}

function fail(error) {
  const told = process.env.ORCHESTRA_DEBUG === '1' ? error.stack : error.message
  process.stderr.write(`error ORC_INTERNAL: ${told}\n  The package is damaged: install it again\n`)
  process.exitCode = 1
}

if (isNewEnough(process.versions.node)) run().catch(fail)
else chooseNode()
