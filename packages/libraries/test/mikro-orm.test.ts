import { openSites } from '../src/mikro-orm.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('MikroORM', { serve: 'fastify', open: openSites })
