// An ordered map as a value: a changed copy shares all but the path to the change with the
// original, so that taking an image of a million entries is a copy of a pointer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

namespace moldau::metadata {

/// An AVL tree that copies paths. Nothing in it is ever written after it was made: copies may be
/// read on several threads.
template <class Key, class Value>
class PersistentMap {
public:
    struct Entry {
        Key key;
        Value value;
    };

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    /// Null when there is none. It lives as long as any map that has this entry.
    template <class Like>
    const Value* find(const Like& key) const {
        const Node* at = root_.get();
        while (at != nullptr) {
            if (key < at->entry->key) {
                at = at->left.get();
            } else if (at->entry->key < key) {
                at = at->right.get();
            } else {
                return &at->entry->value;
            }
        }
        return nullptr;
    }
    template <class Like>
    bool contains(const Like& key) const {
        return find(key) != nullptr;
    }

    /// Adds or replaces.
    void set(Key key, Value value) {
        bool added = false;
        root_ = with(root_, std::make_shared<const Entry>(Entry{std::move(key), std::move(value)}),
                     added);
        if (added) ++size_;
    }
    /// False when there was none.
    template <class Like>
    bool erase(const Like& key) {
        if (!contains(key)) return false;
        root_ = without(root_, key);
        --size_;
        return true;
    }

private:
    struct Node;
    using Link = std::shared_ptr<const Node>;
    using EntryLink = std::shared_ptr<const Entry>;

    struct Node {
        Link left;
        Link right;
        EntryLink entry;
        int height = 1;
    };

    // 1.44 log2(n): more than any memory holds.
    static constexpr std::size_t kHeightMax = 64;

public:
    /// In the order of the keys. Valid as long as a map with this state lives.
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;
        using pointer = const Entry*;
        using reference = const Entry&;

        Iterator() = default;
        reference operator*() const { return *path_[depth_ - 1]->entry; }
        pointer operator->() const { return path_[depth_ - 1]->entry.get(); }
        Iterator& operator++() {
            const Node* const at = path_[--depth_];
            descend(at->right.get());
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            if (a.depth_ == 0 || b.depth_ == 0) return a.depth_ == b.depth_;
            return a.path_[a.depth_ - 1] == b.path_[b.depth_ - 1];
        }

    private:
        friend class PersistentMap;
        void descend(const Node* at) {
            for (; at != nullptr; at = at->left.get()) path_[depth_++] = at;
        }
        std::array<const Node*, kHeightMax> path_{};
        std::size_t depth_ = 0;
    };

    Iterator begin() const {
        Iterator first;
        first.descend(root_.get());
        return first;
    }
    Iterator end() const { return {}; }
    /// The first entry whose key is not below `key`.
    template <class Like>
    Iterator from(const Like& key) const {
        Iterator first;
        for (const Node* at = root_.get(); at != nullptr;) {
            if (at->entry->key < key) {
                at = at->right.get();
            } else {
                first.path_[first.depth_++] = at;
                at = at->left.get();
            }
        }
        return first;
    }

    /// Whether both are one and the same state: cheap, and false says nothing.
    bool is_shared_with(const PersistentMap& other) const { return root_ == other.root_; }

    friend bool operator==(const PersistentMap& a, const PersistentMap& b) {
        if (a.root_ == b.root_) return true;
        return a.size_ == b.size_ &&
               std::equal(a.begin(), a.end(), b.begin(), [](const Entry& x, const Entry& y) {
                   return &x == &y || (x.key == y.key && x.value == y.value);
               });
    }

    /// 0 for an empty one; the tests hold it against the AVL bound.
    int height() const { return height_of(root_); }

private:
    static int height_of(const Link& link) { return link == nullptr ? 0 : link->height; }

    static Link node(Link left, EntryLink entry, Link right) {
        const int height = 1 + std::max(height_of(left), height_of(right));
        return std::make_shared<const Node>(
            Node{std::move(left), std::move(right), std::move(entry), height});
    }

    // As node(), where the heights of the two may differ by two.
    static Link balanced(Link left, EntryLink entry, Link right) {
        const int tilt = height_of(left) - height_of(right);
        if (tilt > 1) {
            if (height_of(left->left) >= height_of(left->right)) {
                return node(left->left, left->entry,
                            node(left->right, std::move(entry), std::move(right)));
            }
            const Node& middle = *left->right;
            return node(node(left->left, left->entry, middle.left), middle.entry,
                        node(middle.right, std::move(entry), std::move(right)));
        }
        if (tilt < -1) {
            if (height_of(right->right) >= height_of(right->left)) {
                return node(node(std::move(left), std::move(entry), right->left), right->entry,
                            right->right);
            }
            const Node& middle = *right->left;
            return node(node(std::move(left), std::move(entry), middle.left), middle.entry,
                        node(middle.right, right->entry, right->right));
        }
        return node(std::move(left), std::move(entry), std::move(right));
    }

    static Link with(const Link& at, EntryLink entry, bool& added) {
        if (at == nullptr) {
            added = true;
            return node(nullptr, std::move(entry), nullptr);
        }
        if (entry->key < at->entry->key)
            return balanced(with(at->left, std::move(entry), added), at->entry, at->right);
        if (at->entry->key < entry->key)
            return balanced(at->left, at->entry, with(at->right, std::move(entry), added));
        return node(at->left, std::move(entry), at->right);
    }

    static Link without_first(const Link& at) {
        if (at->left == nullptr) return at->right;
        return balanced(without_first(at->left), at->entry, at->right);
    }

    template <class Like>
    static Link without(const Link& at, const Like& key) {
        if (key < at->entry->key) return balanced(without(at->left, key), at->entry, at->right);
        if (at->entry->key < key) return balanced(at->left, at->entry, without(at->right, key));
        if (at->right == nullptr) return at->left;
        const Node* first = at->right.get();
        while (first->left != nullptr) first = first->left.get();
        return balanced(at->left, first->entry, without_first(at->right));
    }

    Link root_;
    std::size_t size_ = 0;
};

}  // namespace moldau::metadata
