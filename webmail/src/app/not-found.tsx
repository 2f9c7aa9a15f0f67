import { EmptyState } from '@chappe/kit'
import { Anchor } from '@mantine/core'
import { useAppTexts } from './texts'

export function NotFound() {
  const say = useAppTexts()
  return (
    <main>
      <EmptyState title={<h1>{say('notFound.title')}</h1>} action={<Anchor href="/">{say('notFound.home')}</Anchor>} />
    </main>
  )
}
