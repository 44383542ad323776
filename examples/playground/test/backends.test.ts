import { describeBackend } from 'orchestrajs/testing'
import { test } from 'vitest'
import { catalogue, pages } from '../orchestra.config.ts'

const shop = {
  id: 1,
  domain: 'shop.example',
  title: 'The shop',
  body: 'Open <daily>',
  plan: 'pro',
  aliases: ['www.shop.example'],
}

const fixtures = [
  {
    name: 'shop',
    object: shop,
    changed: { ...shop, title: 'Another title', aliases: [], plan: 'free' },
    renamed: { ...shop, domain: 'store.example' },
  },
  { name: 'blog', object: { ...shop, id: 2, domain: 'blog.example', aliases: [] } },
]

describeBackend(test, { backend: pages, fixtures })

describeBackend(test, {
  backend: catalogue,
  fixtures,
  leaves: ['catalogue.txt'],
})
