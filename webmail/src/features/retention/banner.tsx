import { IconClock } from '@chappe/kit/icons'
import type { Place } from '../mail/place'
import classes from './banner.module.css'
import { useRetention } from './data'
import { useRetentionTexts } from './texts'
import { useRuleWords } from './words'

/** Above the list of a folder whose mail does not stay for ever. */
export function RetentionBanner({ place: { mailbox, store } }: { place: Place }) {
  const say = useRetentionTexts()
  const wordsOf = useRuleWords()
  const rule = useRetention(mailbox, store.isOwn)
  if (!rule) return null
  return (
    <p className={classes.banner} title={say('lead')}>
      <IconClock size={16} aria-hidden />
      {wordsOf(rule)}
    </p>
  )
}
