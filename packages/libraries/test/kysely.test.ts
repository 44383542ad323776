import { openSites } from '../src/kysely.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Kysely', { serve: 'express', open: openSites })
