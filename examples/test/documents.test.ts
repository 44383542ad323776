import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const paths = [
  ...globSync('{*.md,docs/**/*.md,lab/*.md,packages/*/*.md,packages/services/src/*/*.md}', { cwd: root }),
]

const read = (path: string) => readFileSync(join(root, path), 'utf8')

test.each(paths)('every link of %s leads somewhere', (path) => {
  const links = [...withoutCode(read(path)).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
  for (const [, file = '', anchor] of links) {
    const target = file === '' ? path : join(dirname(path), file)
    expect(existsSync(join(root, target)), target).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(read(target)), `${target}#${anchor}`).toContain(anchor)
  }
})

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '')
}

/** Anchors of headings as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('the programs in the documents that are whole have the right types', async () => {
  const programs = paths.flatMap((path) =>
    [...read(path).matchAll(/^```ts\n(import [\s\S]*?)^```/gm)].map(([, text = '']) => text),
  )
  const whole = programs.filter((text) => !text.includes('@orchestrajs/services'))
  expect(whole.length).toBeGreaterThan(2)
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-documents-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
    const files = whole.map((text, index) => {
      writeFileSync(join(directory, `${index}.ts`), text)
      return `${index}.ts`
    })
    const tsc = join(root, 'node_modules/.bin/tsc')
    const sources = ['--allowImportingTsExtensions', '--noEmit', '--strict', '--skipLibCheck']
    await run(tsc, [...sources, '--target', 'es2024', '--lib', 'esnext', '--module', 'nodenext', ...files], {
      cwd: directory,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
