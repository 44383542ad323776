import { openSites } from '../src/objection.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('Objection', { serve: 'express', open: openSites })
