import { describeBackend } from 'orchestrajs/testing'
import { test } from 'vitest'
import { lists } from './backend.ts'

describeBackend(test, {
  backend: lists,
  golden: `${import.meta.dirname}/golden`,
  // What the program made of the lists stays, without those that are gone.
  leaves: ['all-lists'],
  fixtures: [
    {
      name: 'staff',
      object: {
        id: 1,
        address: 'staff@lists.example',
        title: 'Who works here',
        members: ['ada@x.example', 'bea@x.example'],
      },
      changed: { id: 1, address: 'staff@lists.example', title: 'Who works here', members: ['ada@x.example'] },
      renamed: {
        id: 1,
        address: 'team@lists.example',
        title: 'Who works here',
        members: ['ada@x.example', 'bea@x.example'],
      },
    },
    { name: 'empty', object: { id: 2, address: 'nobody@lists.example', title: '', members: [] } },
  ],
})
