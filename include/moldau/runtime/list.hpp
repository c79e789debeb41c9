// An intrusive list: what is in it owns its place, so that joining and leaving cost no allocation.
#pragma once

namespace moldau::runtime {

/// A place in a ring. A link that stands alone is in no list; a list's head is a link of its own.
class ListLink {
public:
    ListLink() = default;
    ListLink(const ListLink&) = delete;
    ListLink& operator=(const ListLink&) = delete;
    ~ListLink() { leave(); }

    bool alone() const { return next_ == this; }
    ListLink* next() const { return next_; }
    ListLink* previous() const { return previous_; }

    /// Joins the ring of `head` as its last. Leaves the ring it was in.
    void join(ListLink& head) {
        leave();
        previous_ = head.previous_;
        next_ = &head;
        previous_->next_ = this;
        head.previous_ = this;
    }
    void leave() {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = this;
    }
    /// Takes the whole ring of `head` over; this link must stand alone.
    void take_ring_of(ListLink& head) {
        if (head.alone()) return;
        join(head);
        head.leave();
    }

private:
    ListLink* previous_ = this;
    ListLink* next_ = this;
};

}  // namespace moldau::runtime
