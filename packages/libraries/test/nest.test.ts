import { type NestSites, openSites } from '../src/nest.ts'
import { testLibrary } from './harness/library.ts'

testLibrary('NestJS with TypeORM', {
  serve: (_orchestra, sites) => (sites as NestSites).listen(),
  open: openSites,
})
