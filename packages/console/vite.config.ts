import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin, type Rolldown } from 'vite'

/** Where the server looks for it, beside its sources and in the published package alike. */
const outDir = join(import.meta.dirname, '../orchestra/dist/console')

/** Bytes, compressed, of all scripts that a browser has to load before anything is seen. */
const MOST_FIRST = 180_000

/** What a build is compressed to once, so that no server does it at each request; and a build that has become too heavy fails. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle({ dir = outDir }, bundle) {
    const sizes = compressAll(join(dir, 'assets'))
    const bytes = [...firstScripts(bundle)].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0)
    this.info(`${(bytes / 1_000).toFixed(1)} kB of script, compressed, before anything is seen`)
    if (bytes > MOST_FIRST) this.error(`That is more than ${MOST_FIRST / 1_000} kB: load the rest lazily`)
  },
}

/** Bytes of each file, compressed. */
function compressAll(assets: string): Map<string, number> {
  return new Map(
    readdirSync(assets).map((name) => {
      const bytes = readFileSync(join(assets, name))
      const gzipped = gzipSync(bytes, { level: 9 })
      if (gzipped.length < bytes.length) writeFileSync(join(assets, `${name}.gz`), gzipped)
      return [`assets/${name}`, gzipped.length]
    }),
  )
}

/** The script of the page, and what it imports, and so on. */
function firstScripts(bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set(Object.keys(bundle).filter((name) => isEntry(bundle[name])))
  for (const name of found) {
    const output = bundle[name]
    if (output?.type === 'chunk') for (const imported of output.imports) found.add(imported)
  }
  return found
}

function isEntry(output: Rolldown.OutputBundle[string] | undefined): boolean {
  return output?.type === 'chunk' && output.isEntry
}

export default defineConfig({
  root: import.meta.dirname,
  // The page says where it is; what it loads says where that is from itself.
  base: './',
  plugins: [compressed],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    // A data URL would be blocked, rightly.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog(level, log, tell) {
        // What libraries say for servers that render them means nothing here.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log)
      },
    },
  },
})
