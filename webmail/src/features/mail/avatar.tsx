import type { Address } from '../../jmap/wire'
import classes from './avatar.module.css'
import { hue, initials } from './people'

export function Avatar({ of, size = 'm' }: { of: Address | undefined; size?: 'm' | 'l' }) {
  return (
    <span className={classes.avatar} data-hue={of ? hue(of) : 0} data-size={size} aria-hidden>
      {of ? initials(of) : '?'}
    </span>
  )
}
