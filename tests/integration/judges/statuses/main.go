// statuses tells what an informer of client-go sees of a kind in a namespace: a line {"event", "object"} for each event,
// until its standard input is closed.
//
//	statuses GROUP VERSION RESOURCE NAMESPACE
//
// The informer is that of every controller written with client-go, and takes the kubeconfig of KUBECONFIG.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type event struct {
	Event  string `json:"event"`
	Object any    `json:"object"`
}

func watch(resource schema.GroupVersionResource, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(client, resource, namespace, 0, cache.Indexers{}, nil).Informer()
	out := json.NewEncoder(os.Stdout)
	tell := func(kind string, object any) {
		if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = last.Obj
		}
		if err := out.Encode(event{kind, object}); err != nil {
			panic(err)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { tell("added", object) },
		UpdateFunc: func(_, object any) { tell("updated", object) },
		DeleteFunc: func(object any) { tell("deleted", object) },
	}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	informer.RunWithContext(ctx)
	return nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: statuses GROUP VERSION RESOURCE NAMESPACE")
		os.Exit(2)
	}
	resource := schema.GroupVersionResource{Group: os.Args[1], Version: os.Args[2], Resource: os.Args[3]}
	if err := watch(resource, os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "statuses:", err)
		os.Exit(1)
	}
}
