import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'test/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'examples/**/*.test.ts',
      'lab/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
    ],
    // Below the lab's base lies a whole system, /proc included.
    exclude: ['**/node_modules/**', 'lab/.cache/**', '**/.orchestra/**'],
    globalSetup: [
      'packages/orchestra/test/support/scratch.ts',
      'packages/orchestra/test/support/premade-place.ts',
    ],
    setupFiles: ['packages/orchestra/test/support/seeded.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Two cores: more at once makes every daemon slow and nothing faster. Three were tried, and took as long.
    maxWorkers: 2,
  },
})
