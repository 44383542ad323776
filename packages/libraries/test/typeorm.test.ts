import { openSites } from '../src/typeorm.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('TypeORM', { serve: 'express', open: openSites })
