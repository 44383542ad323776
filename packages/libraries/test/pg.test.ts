import { openSites } from '../src/pg.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('pg', { serve: 'express', open: openSites })
