import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Where the server looks for it, beside its sources and in the published package alike. */
const outDir = join(import.meta.dirname, '../orchestra/dist/console')

/** Bytes, compressed, that a browser may have to load before anything is seen. */
const MOST_FIRST = 180_000

/** What a build is compressed to once, so that no server does it at each request; and a build that has become too heavy fails. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle(_options, bundle) {
    const assets = join(outDir, 'assets')
    const sizes = new Map<string, number>()
    for (const name of readdirSync(assets)) {
      const bytes = readFileSync(join(assets, name))
      const gzipped = gzipSync(bytes, { level: 9 })
      sizes.set(`assets/${name}`, gzipped.length)
      if (gzipped.length < bytes.length) writeFileSync(join(assets, `${name}.gz`), gzipped)
    }
    const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
    const entry = chunks.find((chunk) => chunk.isEntry)
    const first = new Set(entry === undefined ? [] : [entry.fileName, ...entry.imports])
    const bytes = [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0)
    process.stdout.write(`first script: ${(bytes / 1_000).toFixed(1)} kB gzip, of ${MOST_FIRST / 1_000} at most\n`)
    if (bytes > MOST_FIRST) this.error('The first script is too large: load what is not seen at once lazily')
  },
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
  },
})
