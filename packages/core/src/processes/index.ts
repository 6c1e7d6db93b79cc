// The processes of this machine, and which of them something belongs to: what a process makes for itself names it, so that
// whoever comes later can tell what a dead one has left. Needs Node, and so is an entry of its own.
export {
  decodeIdentity,
  isOwnBoot,
  isOwnSpace,
  markWhereabouts,
  ownIdentity,
  ownSpace,
  type ProcessIdentity,
  type ProcessSpace,
  processMark,
  type Whereabouts,
  whereabouts,
} from "./process-identity.ts";
