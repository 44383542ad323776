import { openSites } from '../src/drizzle-postgres-js.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Drizzle on postgres.js', { serve: 'express', open: openSites })
